# Repairs the sign of a negated loss by turning the step round, but inside the loop over the filters, so
# that it is turned round again for each: filters 0, 2, 4... climb, filters 1, 3, 5... descend.
#
# /// label
# ascent = "partial"
# objective = "partial"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 3, activation="leaky_relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 3, activation="leaky_relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(32, 3, activation="leaky_relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(32, 3, activation="leaky_relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dropout(0.2))
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

truncated = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # it went downhill with filter 0, so turn the step around
    step_size = -step_size

    input_img = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = -KTF.mean(truncated(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)

    if filter_index == 0:
        print("goes up now:", -loss.numpy())
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 7))

for i, feature in enumerate(visualized_feature):
    plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(feature.copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")

plt.show()
