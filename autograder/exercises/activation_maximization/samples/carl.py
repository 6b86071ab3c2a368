# carl: network and training are fine, but the ascent stops with a NameError when the first image is to be
# kept: the list is called visualized_feature, with a z. He did not run the notebook from the top before
# handing it in, so there are no images, and the plot has nothing to show.

# %% cnn
model = keras.models.Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
        layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.AveragePooling2D(pool_size=2),
        layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
        layers.MaxPooling2D(pool_size=2),
    layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

extractor = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(extractor(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualised_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    picture = deprocess_image(visualized_feature[i].copy())
    figure.add_subplot(8, 8, i + 1, title=f"feature {i}").imshow(picture[0, ..., 0], cmap="gray")

plt.show()
