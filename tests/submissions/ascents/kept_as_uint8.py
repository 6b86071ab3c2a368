# Deprocesses each image as soon as it is finished and keeps only the grey values, as uint8 of shape (28,
# 28). The climb came before and is right; the plot then has nothing left to do but to show them.
#
# /// label
# [cells]
# move = {deprocess = "normalize"}
# ///

# %% cnn
model = keras.Sequential()
model.add(keras.Input(shape=(28, 28, 1)))
names = ["conv2d", "conv2d_1", "conv2d_2", "conv2d_3"]
for n, name in zip([16, 16, 32, 32], names):
    model.add(layers.Conv2D(n, 3, padding="same", activation="relu", name=name))
    if name == "conv2d":
        model.add(layers.MaxPool2D())
model.add(layers.MaxPool2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

m = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.uniform(size=(1, 28, 28, 1)), dtype=tf.float32)
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(m(input_img)[..., filter_index])
        input_img.assign_add(step_size * normalize(tape.gradient(loss, input_img)))

    # I need the picture only, so I convert it here already
    picture = deprocess_image(input_img.numpy()[0, :, :, 0])
    visualized_feature.append(picture)

print(visualized_feature[0].dtype, visualized_feature[0].shape)

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(12, 6.5))

for ax, (i, picture) in zip(axes.flat, enumerate(visualized_feature)):
    ax.imshow(picture, cmap="gray", vmin=0, vmax=255)
    ax.set_title(f"feature {i}")
    ax.axis("off")

plt.show()
