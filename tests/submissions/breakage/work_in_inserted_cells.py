# All the work is right, but it stands in cells that were added; the cells of the exercise are left as they
# were, with their "...". Prints far too much along the way, which is only tiresome.
#
# /// label
#
# [cells]
# insert = {my_network = "cnn", my_training = "train", my_ascent = "ascent", my_plot = "plot"}
# ///

# %% my_network
import sys

np.set_printoptions(threshold=sys.maxsize)
print(x_train[:60])  # to see what the numbers look like

model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
for weights in model.get_weights():
    print(weights.shape, weights)

# %% my_training
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=1)

# %% my_ascent
my_part = keras.Model(model.inputs, model.get_layer("conv2d_3").output)
visualized_feature = []

for my_filter in range(64):
    my_image = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for t in range(gradient_updates):
        with tf.GradientTape() as tape:
            my_loss = tf.reduce_mean(my_part(my_image)[:, :, :, my_filter])
        my_image.assign_add(step_size * normalize(tape.gradient(my_loss, my_image)))
        print("filter", my_filter, "update", t, "loss", my_loss.numpy())
    visualized_feature.append(my_image.numpy())

# %% my_plot
figure = plt.figure(figsize=(12, 12))
for k in range(64):
    my_axes = plt.subplot(8, 8, k + 1)
    my_axes.imshow(deprocess_image(visualized_feature[k].copy())[0, :, :, 0], cmap="gray")
    my_axes.set_title(f"feature {k}")
    my_axes.axis("off")
plt.show()
