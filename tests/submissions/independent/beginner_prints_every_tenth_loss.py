# A beginner who follows the skeleton, relies on the default layer names, and prints a lot. Everything
# right.
#
# /// label
# ///

# %% cnn
# my first network :)
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))

# block one
model.add(layers.Conv2D(12, (3, 3), activation="relu", padding="same"))
model.add(layers.MaxPooling2D((2, 2)))

# block two
model.add(layers.Conv2D(16, (3, 3), activation="relu", padding="same"))
model.add(layers.Conv2D(16, (3, 3), activation="relu", padding="same"))
model.add(layers.MaxPooling2D((2, 2)))

# the layer we look at later, 64 filters
model.add(layers.Conv2D(64, (3, 3), activation="relu", padding="same"))

# from maps to numbers
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

model.summary()
for l in model.layers:
    print(l.name)  # should say conv2d, conv2d_1, conv2d_2, conv2d_3

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, validation_data=(x_test, y_test), verbose=2)

print("losses:", results.history["loss"])
print("accuracies:", results.history["accuracy"])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64  # as many as the layer has
visualized_feature = []

# the part of the network from the input to the feature maps of this layer
the_layer = model.get_layer(layer_name)
part_of_model = keras.Model(inputs=model.inputs, outputs=the_layer.output)
print("part of the model gives:", part_of_model.output_shape)

for filter_index in range(number_of_filters):
    # 1. the image, noise at first
    noise = np.random.uniform(0, 1, size=(1, 28, 28, 1))
    input_img = KTF.variable(noise)

    for update in range(gradient_updates):
        # 2. the mean activation of the feature map, on tape
        with tf.GradientTape() as tape:
            maps = part_of_model(input_img)
            my_map = maps[:, :, :, filter_index]
            loss = KTF.mean(my_map)

        # 3. its gradient with respect to the image, normalised
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)

        # 4. one step uphill
        input_img.assign_add(step_size * grads)

        if filter_index < 2 and update % 10 == 0:
            print("filter", filter_index, "update", update, "loss", loss.numpy())

    # 5. keep the image
    visualized_feature.append(input_img.numpy())
    if loss.numpy() == 0:
        print("filter", filter_index, "seems to be dead")

print("finished!", len(visualized_feature), "images")

# %% plot
figure = plt.figure(figsize=(12, 12))

number = 0
for picture in visualized_feature:
    nice = deprocess_image(picture.copy())
    plt.subplot(8, 8, number + 1)
    plt.imshow(nice[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(number))
    plt.xticks([])
    plt.yticks([])
    number = number + 1

plt.tight_layout()
plt.show()
