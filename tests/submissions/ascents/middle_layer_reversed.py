# Handed in with the third layer, conv2d_2, and its 32 filters, instead of the last one. The loop counts
# down from the last filter to the first and inserts each image at the front of the list, so image i is that
# of filter i after all.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, (3, 3), activation="relu", padding="same", name="conv2d"),
    layers.MaxPooling2D((2, 2)),
    layers.Conv2D(16, (3, 3), activation="relu", padding="same", name="conv2d_1"),
    layers.Conv2D(32, (3, 3), activation="relu", padding="same", name="conv2d_2"),
    layers.MaxPooling2D((2, 2)),
    layers.Conv2D(64, (3, 3), activation="relu", padding="same", name="conv2d_3"),
    layers.Flatten(),
    layers.Dropout(0.5),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_2"
number_of_filters = 32  # as many as the layer has
visualized_feature = []

beginning = keras.Model(model.inputs, model.get_layer(layer_name).output)

filter_index = number_of_filters
while filter_index > 0:
    filter_index -= 1

    input_img = KTF.variable(np.random.rand(1, 28, 28, 1))

    update = 0
    while update < gradient_updates:
        with tf.GradientTape() as tape:
            tape.watch(input_img)
            loss = KTF.mean(beginning(input_img)[0, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        update += 1

    # counting down, so put it in front
    visualized_feature.insert(0, input_img.numpy())

print(len(visualized_feature))

# %% plot
figure = plt.figure(figsize=(12, 6))

for i in range(len(visualized_feature)):
    plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")

plt.show()
