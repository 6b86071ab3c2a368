# output[:, filter_index] is a row of all the feature maps, not a feature map: image i excites all filters
# at once in row i and stays noise elsewhere. The ascent and the updates are done correctly.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["filter"]
#
# [causes]
# objective = "wrong_axis"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
for i, n in enumerate((8, 8, 8, 16)):
    name = f"conv2d_{i}" if i > 0 else "conv2d"
    model.add(layers.Conv2D(n, 3, padding="same", activation="relu", name=name))
model.add(layers.MaxPooling2D(4))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer=keras.optimizers.Adam(0.002), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=64, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = []

m = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            output = m(input_img)
            loss = KTF.mean(output[:, filter_index])

        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        if update % 25 == 0:
            print(f"filter {filter_index}, update {update}: {float(loss):.2f}")

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(16):
    plt.subplot(4, 4, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, ..., 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
