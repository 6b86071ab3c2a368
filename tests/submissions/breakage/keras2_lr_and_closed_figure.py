# Adam(lr=...) was dropped from Keras, so the training cell stops before the fit: untrained network. In the
# plot cell plt.close comes before plt.show: 64 good panels were drawn, but nobody gets to see them.
#
# /// label
# training = "fail"
# plot = ["fail", "partial"]
#
# [feedback_mentions]
# training = ["lr"]
# plot = ["figure"]
# ///

# %% cnn
n_classes = 10

model = keras.models.Sequential()
model.add(layers.InputLayer(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, (3, 3), padding="same", name="conv2d"))
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(16, (3, 3), padding="same", name="conv2d_1"))
model.add(layers.Activation("relu"))
model.add(layers.Conv2D(32, (3, 3), padding="same", name="conv2d_2"))
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), padding="same", activation="relu", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dense(n_classes, activation="softmax"))

# %% train
adam = keras.optimizers.Adam(lr=0.001)
model.compile(loss="categorical_crossentropy", optimizer=adam, metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=1)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

sub_network = keras.Model(model.inputs, model.get_layer(layer_name).output)


def best_image(index):
    x = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            activity = tf.reduce_mean(sub_network(x)[:, :, :, index])
        x.assign_add(step_size * normalize(tape.gradient(activity, x)))
    return x.numpy()


visualized_feature = [best_image(index) for index in range(number_of_filters)]

# %% plot
figure, grid = plt.subplots(nrows=8, ncols=8, figsize=(12, 12))

for i, (panel, best) in enumerate(zip(grid.ravel(), visualized_feature)):
    panel.imshow(deprocess_image(best.copy())[0, :, :, 0], cmap="gray")
    panel.set_title(f"feature {i}", fontsize=8)
    panel.axis("off")

plt.close(figure)  # free the memory
plt.show()
